"""The tests: they mirror `app/`, and beside that hold conventions, journeys in a browser and real peers."""
