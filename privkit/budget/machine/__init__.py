"""What this machine remembers and knows beside a ledger: keys, anchors, processes, clocks."""
