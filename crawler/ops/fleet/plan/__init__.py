"""What a fleet is to be: `fleet.yaml` as it may be written, as it is read, and which node that gives each site."""
