"""What an arena consists of and with which variables its programs start; files in the data folder."""
