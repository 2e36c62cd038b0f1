"""Studies: many runs in one folder, declared, executed, resumed."""
