# glmmTMB in R, with its defaults.
suppressMessages(suppressWarnings(library(glmmTMB)))
source("benchmarks/workers/loop.R")

prepare <- function(model, data) {
  force(data)
  formula <- as.formula(model$formula)
  family <- get(model$family)()
  trials <- if (is.null(model$weights)) NULL else data[[model$weights]]
  function() glmmTMB(formula, data, family = family, weights = trials)
}

serve("glmmTMB", prepare, function(result, fits) {
  list(
    objective = -2 * as.numeric(logLik(result)),
    evaluations = unname(result$fit$evaluations["function"]),
    note = if (result$fit$convergence == 0) "" else result$fit$message
  )
})
