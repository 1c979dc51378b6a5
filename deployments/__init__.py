"""Where it runs: start scripts of the services, their set-up, and the stack that they are together."""
