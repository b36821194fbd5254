"""The consumer loop: handlers, the consumer that calls them, its sessions, and the lease under which they run."""
