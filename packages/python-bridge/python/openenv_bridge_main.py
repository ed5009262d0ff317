"""Starts the bridge. A file of its own, so that the folder of this script holds nothing whose name a library has."""

from openenv_bridge.main import main

if __name__ == "__main__":
    main()
