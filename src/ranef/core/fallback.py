import numpy as np
from ranef._core import CrossProducts


class Residual:
    def __init__(self, kind, counts, gaps=()):
        self.kind, self.counts, self.gaps = kind, list(counts), list(gaps)
        self.size = len(counts) - 1 if kind == "strata" else 1
        self.n_basis = len(counts) if kind == "strata" else 1 + 3 * len(gaps)

    def coefficients(self, phi):
        if self.kind == "strata":
            return np.concatenate([[1.0], np.exp(-2 * np.asarray(phi))])
        rho, out = np.sin(phi[0]), [1.0]
        for d in self.gaps:
            r = rho**d
            out += [1 / (1 + r), -r / (1 + r), r / (1 - r * r)]
        return np.array(out)

    def log_determinant(self, phi):
        if self.kind == "strata":
            return float(2 * np.dot(self.counts[1:], phi))
        rho = np.sin(phi[0])
        return float(sum(n * np.log(1 - rho ** (2 * d)) for n, d in zip(self.counts, self.gaps)))

    def parameters(self, phi):
        return np.exp(phi) if self.kind == "strata" else np.sin(phi)

    def coordinates(self, p):
        return np.log(p) if self.kind == "strata" else np.arcsin(p)


def combine(products, coefficients, sum_log_weights):
    states = [p.__getstate__() for p in products]
    n, p = states[0][:2]

    def mix(parts):
        return sum(c * np.asarray(a) for c, a in zip(coefficients, parts))

    groups = [
        (g[0][0], g[0][1], mix([x[2] for x in g]), mix([x[3] for x in g]))
        for g in zip(*(s[4] for s in states))
    ]
    pairs = [(*q[0][:4], mix([x[4] for x in q])) for q in zip(*(s[5] for s in states))]
    out = CrossProducts.__new__(CrossProducts)
    out.__setstate__((n, p, float(sum_log_weights), mix([s[3] for s in states]), groups, pairs))
    return out


class Solved:
    def __init__(self, found, phi):
        self._found, self.phi = found, phi

    def __getattr__(self, name):
        return getattr(self._found, name)


def solve(kernel, scaling, start, max_evaluations, gain, restarts, method, threads):
    from scipy.optimize import minimize

    from ranef.core.workspace import CoreKernel

    products, reml, constant, penalty, basis, residual = kernel._fallback
    n0 = products.sum_log_weights + residual.log_determinant(np.zeros(residual.size))

    def at(phi):
        a = combine(basis, residual.coefficients(phi), n0 - residual.log_determinant(phi))
        return CoreKernel(a, reml, constant, penalty).solve(scaling, start, max_evaluations, gain, restarts, method, threads)

    best = minimize(lambda phi: at(phi).criterion, np.full(residual.size, 0.1), method="Nelder-Mead",
                    options={"xatol": 1e-9, "fatol": 1e-11, "maxiter": 2000})
    found = at(best.x)
    return Solved(found, best.x)
