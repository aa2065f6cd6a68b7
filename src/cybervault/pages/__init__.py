"""Pages of HTML that stand by themselves: one file without a script, which loads nothing."""
