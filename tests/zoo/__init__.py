"""Models as people have them, each packaged and compared with its estimator. May touch the file system."""
