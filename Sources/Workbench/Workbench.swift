/// Opens whatever the user names, scenario or dump, as a machine.
public enum Workbench {}
