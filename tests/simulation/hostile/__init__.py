"""The hostile fault set: what is reported of real exchanges, machines and stores, alone and in pairs."""
