"""Drawn strings: hands, pens, fonts, papers, scans."""
