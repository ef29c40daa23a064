"""The format of backups, which every store can write and take: docs/backup.md."""
