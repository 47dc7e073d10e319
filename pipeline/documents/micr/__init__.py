"""The line of MICR characters at the foot of a cheque."""
