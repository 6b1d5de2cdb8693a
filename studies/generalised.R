# Fits every data set of a study by lme4 and glmmTMB.
#
#     Rscript studies/generalised.R DATA.csv > RESULTS.csv
#
# DATA has the columns `scenario`, `formula`, `family` and `nodes` beside those of the formula, and
# `number`, which is different for every data set. `nodes` above 1 adds a fit by lme4 with that many.
suppressMessages({
  library(lme4)
  library(glmmTMB)
})

arguments <- commandArgs(trailingOnly = TRUE)
data <- read.csv(arguments[1])
row_of <- function(d, method, loglik, beta, vcov, sd, finished, seconds) {
  se <- suppressWarnings(sqrt(diag(as.matrix(vcov))))
  data.frame(scenario = d$scenario[1], number = d$number[1], method, finished, seconds, sd, loglik,
    term = c("Intercept", "x", "w"), estimate = unname(beta), se = unname(se),
    verdict = if (finished) "converged" else "not converged"
  )
}

by_lme4 <- function(d, formula, family, nAGQ) {
  seconds <- system.time(fit <- try(suppressWarnings(suppressMessages(
    glmer(formula, d, family, nAGQ = nAGQ)
  )), silent = TRUE))[["elapsed"]]
  if (inherits(fit, "try-error")) return(NULL)
  said <- unlist(fit@optinfo$conv$lme4$messages)
  said <- said[!grepl("singular", said)]
  finished <- length(said) == 0 && fit@optinfo$conv$opt == 0
  covariance <- try(suppressWarnings(vcov(fit)), silent = TRUE)
  if (inherits(covariance, "try-error")) return(NULL)
  sd <- attr(VarCorr(fit)$g, "stddev")[[1]]
  method <- if (nAGQ == 1) "lme4" else "lme4, quadrature"
  row_of(d, method, as.numeric(logLik(fit)), fixef(fit), covariance, sd, finished, seconds)
}

by_glmmtmb <- function(d, formula, family) {
  seconds <- system.time(fit <- try(suppressWarnings(suppressMessages(
    glmmTMB(formula, d, family)
  )), silent = TRUE))[["elapsed"]]
  if (inherits(fit, "try-error")) return(NULL)
  finished <- fit$fit$convergence == 0 && isTRUE(fit$sdr$pdHess)
  sd <- attr(VarCorr(fit)$cond$g, "stddev")[[1]]
  # logLik(fit) is NA if the Hessian is not positive definite.
  row_of(d, "glmmTMB", -fit$fit$objective, fixef(fit)$cond, vcov(fit)$cond, sd, finished, seconds)
}

results <- list()
for (d in split(data, data$number)) {
  d$g <- factor(d$g)
  formula <- as.formula(d$formula[1])
  family <- get(d$family[1])()
  results <- c(results, list(by_lme4(d, formula, family, 1), by_glmmtmb(d, formula, family)))
  if (d$nodes[1] > 1) results <- c(results, list(by_lme4(d, formula, family, d$nodes[1])))
}
write.csv(do.call(rbind, results), row.names = FALSE)
