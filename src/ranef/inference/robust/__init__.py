"""Standard errors that are robust to a wrong covariance within clusters."""

from ranef.inference.robust.clusters import Clusters, ClusterSums, clusters_of
from ranef.inference.robust.registry import KINDS, robust_method

__all__ = ["KINDS", "ClusterSums", "Clusters", "clusters_of", "robust_method"]
