"""The program by which prowler is asked, in the environment of prowler and never in ours."""
