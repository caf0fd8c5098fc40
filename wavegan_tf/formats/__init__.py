"""What others wrote, read: one reader for each format, whose every failure is one DataError with file and place."""
