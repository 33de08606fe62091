"""Times an epoch of ``nn.RNN`` or ``nn.LSTM`` on one thread; runs under another Python, which has PyTorch.

Reads a line ``{"model": "rnn" or "lstm", "epochs": …}`` at a time, and answers each with the seconds of an epoch.
"""

import json
import statistics
import sys
import time

import numpy as np
import torch
from torch import nn


class Reader(nn.Module):
    def __init__(self, kind, units=50, classes=46):
        super().__init__()
        self.cells = {"rnn": nn.RNN, "lstm": nn.LSTM}[kind](1, units, batch_first=True)
        self.out = nn.Linear(units, classes)

    def forward(self, x):
        states, _ = self.cells(x)
        return self.out(states[:, -1])


def epoch(model, optimizer, x, topics, batch_size=50):
    order = torch.randperm(len(x))
    right = 0
    for batch in order.split(batch_size):
        scores = model(x[batch])
        loss = nn.functional.cross_entropy(scores, topics[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        right += int((scores.argmax(1) == topics[batch]).sum())
    return right


def main():
    torch.set_num_threads(1)
    torch.manual_seed(0)
    arrays = np.load(sys.argv[1])
    x, topics = torch.from_numpy(arrays["x"]), torch.from_numpy(arrays["y"]).argmax(1)
    print(json.dumps({"pytorch": torch.__version__}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        model = Reader(order["model"])
        optimizer = torch.optim.Adam(model.parameters(), 1e-3)
        seconds = []
        for _ in range(order["epochs"]):
            start = time.perf_counter()
            epoch(model, optimizer, x, topics)
            seconds.append(time.perf_counter() - start)
        print(json.dumps({"epoch": statistics.median(seconds[1:])}), flush=True)


if __name__ == "__main__":
    main()
