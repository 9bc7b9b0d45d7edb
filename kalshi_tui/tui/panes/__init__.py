"""The parts of the main screen: each is given views and says in rows of words what they hold."""
