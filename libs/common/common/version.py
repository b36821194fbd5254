"""The arena's version: every package, the API document and the status page read it here."""

VERSION = "0.3.0"
