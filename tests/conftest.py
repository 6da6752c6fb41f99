pytest_plugins = ["mysql_plugin"]
