"""`python -m deployer`, for where the console script is not on the path."""

from deployer.cli.main import main

if __name__ == "__main__":
    main()
