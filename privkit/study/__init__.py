"""What needs several rooms: inventories, persons' requests, assessments, packages."""
