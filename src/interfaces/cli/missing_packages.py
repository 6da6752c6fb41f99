def what_to_install(error: ModuleNotFoundError) -> str:
    """Return one line for a package that is not installed. Raise the error itself if the module is Doorward's own."""
    package = (error.name or "").partition(".")[0]
    if package in ("", "doorward"):
        raise error
    return f"The server needs the package {package}. Install all that it needs: pip install 'doorward[server]'"
