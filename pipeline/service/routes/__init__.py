"""The routes: reading, review, the files of the pages; and the shapes of their requests and answers."""
