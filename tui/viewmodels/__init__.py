"""What a screen shows, computed without a screen: event in; cells, colours and words out."""
