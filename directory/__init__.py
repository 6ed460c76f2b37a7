"""Who they are: the experts' profiles, how they are imported, listed and found, and their weekly hours.

Its door is `directory.profiles.Profiles`; a CSV file enters through `directory.importer`.
"""
