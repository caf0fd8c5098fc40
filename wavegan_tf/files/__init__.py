"""Files of the user and files of ours: places claimed, filled whole or not at all, and cleared after a kill."""
