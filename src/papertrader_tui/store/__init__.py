"""The account file: SQLite, one file an account, one writer at a time, any number of readers."""
