"""What lets anybody check the audit without this program, its database and its pepper: tree, signed notes, exports."""
