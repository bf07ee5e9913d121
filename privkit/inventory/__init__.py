"""What is held on whom: the audit of a table, its inventory, persons' requests and their consent."""
