"""From a folder of mammograms to a trained generator: cut, train, measure, describe."""
