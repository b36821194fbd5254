"""A contender's summary as a picture to share."""
