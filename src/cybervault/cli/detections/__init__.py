"""What `cybervault detect` found: gathered within bounds, and shown as a table, a page, a layer and a log."""
