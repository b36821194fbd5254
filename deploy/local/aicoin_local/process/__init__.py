"""Starting, supervising and stopping the programs of an arena."""
