class Module:
    """
    只能有一个Sequential，套了个壳
    """

    def __init__(self, sequential):
        self.sequential = sequential

    def __call__(self, inputs):
        return self.forward(inputs)

    def forward(self, inputs):
        return self.sequential.forward(inputs)

    def backward(self, output_gradient):
        return self.sequential.backward(output_gradient)

    def step(self, lr):
        self.sequential.step(lr)
