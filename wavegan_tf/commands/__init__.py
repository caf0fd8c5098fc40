"""The command line, a module a family of commands; nothing heavy is imported before a command runs."""
