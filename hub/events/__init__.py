"""What a centre reads of what happened to generators: the audit log, filtered."""
