class ShapeNotMatchException(Exception):
    def __init__(self, layer, message):
        super(ShapeNotMatchException, self).__init__("{}: {}".format(type(layer).__name__, message))
        self.layer = layer
