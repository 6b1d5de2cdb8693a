## The three programs of tools/structures.R.

## ---------------------------------------------------------------------------
## 1. lme4 by hand
## ---------------------------------------------------------------------------

hand <- function(model, d) {
  parts <- split_formula(model$formula)
  allow <- lmerControl(check.nobs.vs.nRE = "ignore", check.nobs.vs.rankZ = "ignore",
                       check.nobs.vs.nlev = "ignore", check.nlev.gtr.1 = "ignore")
  lf <- quiet(lFormula(lme4_formula(parts), d, REML = model$reml, control = allow))
  deviance <- quiet(do.call(mkLmerDevfun, c(lf, list(control = allow))))
  ## lme4 orders terms by their number of levels: find each of ours among them. The columns of
  ## each bar are matched as well.
  bars <- lme4::findbars(lme4_formula(parts))
  wanted <- vapply(bars, text_of, "")
  ours <- vapply(parts$terms, function(t) text_of(t$bar), "")
  groups <- names(lf$reTrms$cnms)
  columns <- lapply(parts$terms, function(t)
    colnames(model.matrix(eval(call("~", t$bar[[2]])), d)))
  place <- vapply(seq_along(ours), function(i) {
    hit <- which(groups == gsub(" ", "", text_of(parts$terms[[i]]$bar[[3]])) &
      vapply(lf$reTrms$cnms, function(n) identical(n, columns[[i]]), NA))
    if (length(hit) != 1) stop(model$id, ": cannot place term ", ours[i])
    hit
  }, 1L)
  stopifnot(setequal(wanted, ours))
  kinds <- lapply(seq_along(ours), function(i)
    structure_of(parts$terms[[i]]$kind, length(columns[[i]]), parts$terms[[i]]$rank))
  sizes <- lengths(lapply(kinds, `[[`, "lower"))
  of_term <- rep(seq_along(kinds), sizes)
  covariances <- function(p) lapply(seq_along(kinds), function(i) kinds[[i]]$cov(p[of_term == i]))
  theta_of <- function(covs) {
    theta <- vector("list", length(covs))
    for (i in seq_along(covs)) {
      l <- factor_of(covs[[i]])
      theta[[place[i]]] <- l[lower.tri(l, TRUE)]
    }
    unlist(theta)
  }
  criterion <- function(p) {
    value <- deviance(theta_of(covariances(p)))
    if (is.finite(value)) value else 1e10
  }
  list(
    criterion = criterion, covariances = covariances, columns = columns, terms = parts$terms,
    lower = unlist(lapply(kinds, `[[`, "lower")), upper = unlist(lapply(kinds, `[[`, "upper")),
    start = unlist(lapply(kinds, `[[`, "start")),
    ## The fit at given relative covariances: all that lme4 says of it.
    fit_at = function(covs) {
      theta <- theta_of(covs)
      value <- deviance(theta)
      opt <- list(par = theta, fval = value, conv = 0, feval = 1)
      fit <- quiet(mkMerMod(environment(deviance), opt, lf$reTrms, lf$fr))
      list(logLik = -value / 2, fixef = lme4::fixef(fit), vcov = as.matrix(vcov(fit)),
           sigma = sigma(fit), nobs = nrow(lf$fr), X = getME(fit, "X"))
    })
}

## Newton steps with extrapolated numerical derivatives, over the parameters off their bounds.
newton <- function(f, p, lower, upper, steps = 4, slack = 1e-5) {
  best <- f(p)
  for (j in seq_along(p)) for (bound in c(lower[j], upper[j]))
    if (is.finite(bound) && abs(p[j] - bound) < 1e-2) {
      moved <- p; moved[j] <- bound
      value <- f(moved)
      if (value <= best + 1e-9) { p <- moved; best <- min(best, value) }
    }
  free <- which(p > lower & p < upper)
  size <- pmax(abs(p), 0.05)
  inner <- function(u) { q <- p; q[free] <- p[free] + size[free] * u; f(q) }
  gradient <- 0
  for (step in seq_len(steps)) {
    if (!length(free)) break
    zero <- rep(0, length(free))
    args <- list(eps = 1e-3, d = 0.05, r = 4, v = 2, zero.tol = 0.5)
    gradient <- tryCatch(grad(inner, zero, method.args = args), error = function(e) NULL)
    h <- tryCatch(hessian(inner, zero, method.args = args), error = function(e) NULL)
    if (is.null(gradient) || is.null(h) || any(!is.finite(h))) break
    e <- eigen((h + t(h)) / 2, symmetric = TRUE)
    keep <- e$values > 1e-7 * max(e$values)
    v <- e$vectors[, keep, drop = FALSE]
    move <- -drop(v %*% (crossprod(v, gradient) / e$values[keep]))
    moved <- p; moved[free] <- p[free] + size[free] * move
    if (any(moved < lower | moved > upper)) break
    value <- f(moved)
    if (!is.finite(value) || value > best + 1e-9) break
    p <- moved; best <- value
    if (max(abs(move)) < 1e-8) break
  }
  list(par = p, value = f(p), at_bound = sum(p <= lower | p >= upper),
       gradient = max(abs(gradient), 0))
}

minimise_hand <- function(problem, starts = 4, given = list()) {
  lower <- problem$lower; upper <- problem$upper
  guess <- c(list(problem$start), given)
  for (i in seq_len(starts)) {
    p <- problem$start * exp(rnorm(length(lower), 0, 0.7)) + ifelse(is.finite(lower), 0,
      rnorm(length(lower), 0, 0.3))
    inside <- is.finite(upper)
    p[inside] <- lower[inside] + (upper - lower)[inside] * runif(sum(inside), 0.1, 0.9)
    guess <- c(guess, list(p))
  }
  runs <- list()
  for (p in guess) {
    a <- quiet(nlminb(p, problem$criterion, lower = lower, upper = upper,
      control = list(eval.max = 2000, iter.max = 1000, rel.tol = 1e-13, x.tol = 1e-10)))
    b <- quiet(nloptr::bobyqa(a$par, problem$criterion, lower = lower, upper = upper,
      control = list(maxeval = 4000, xtol_rel = 1e-9, ftol_rel = 1e-14)))
    runs <- c(runs, list(list(par = b$par, value = b$value)))
  }
  values <- vapply(runs, `[[`, 0, "value")
  polished <- lapply(runs[head(order(values), 2)], function(r)
    newton(problem$criterion, r$par, lower, upper))
  best <- polished[[which.min(vapply(polished, `[[`, 0, "value"))]]
  best$converged <- best$gradient < 1e-5
  best
}

## ---------------------------------------------------------------------------
## 2. glmmTMB
## ---------------------------------------------------------------------------

## glmmTMB's parameters of a covariance matrix, NULL where it has none (a bound, rr).
glmmtmb_theta <- function(kind, m) {
  sd <- sqrt(diag(m)); q <- nrow(m)
  r <- m / tcrossprod(sd)
  odd <- function(x) x / sqrt(1 - x^2)
  low <- 1 / max(q - 1, 1)
  theta <- suppressWarnings(switch(kind,
    diag = log(sd),
    us = {
      l <- tryCatch(t(chol(r)), error = function(e) matrix(NaN, q, q))
      u <- t(l / diag(l))
      c(log(sd), u[upper.tri(u)])
    },
    cs = c(log(sd), qlogis((r[1, 2] + low) / (1 + low))),
    ar1 = c(log(sd[1]), odd(r[1, 2])),
    toep = c(log(sd), odd(r[1, -1])),
    NULL))
  if (all(is.finite(theta))) theta
}

fit_glmmtmb <- function(model, d, starts = 3, near = NULL) {
  parts <- split_formula(model$formula)
  made <- quiet(glmmTMB(glmmtmb_formula(parts), d, REML = model$reml, doFit = FALSE))
  obj <- with(made, TMB::MakeADFun(data.tmb, parameters, map = mapArg, random = randomArg,
                                   silent = TRUE, DLL = "glmmTMB"))
  f <- function(p) { v <- suppressWarnings(as.numeric(obj$fn(p))); if (is.finite(v)) v else 1e10 }
  g <- function(p) {
    v <- suppressWarnings(as.numeric(obj$gr(p)))
    ifelse(is.finite(v), v, 0)
  }
  first <- obj$par
  many <- list(iter.max = 1e4, eval.max = 1e4)
  default <- quiet(tryCatch(nlminb(first, f, g, control = many),
                            error = function(e) list(convergence = 1)))
  guesses <- c(list(first), lapply(seq_len(starts), function(i)
    first + rnorm(length(first), 0, ifelse(names(first) == "beta", 0, 0.5))))
  if (!is.null(near)) {
    theta <- Map(glmmtmb_theta, lapply(parts$terms, `[[`, "kind"), near$covs)
    p <- c(if (!model$reml) near$fixef, 2 * log(near$sigma), unlist(theta))
    if (length(p) == length(first)) {
      p <- setNames(p, names(first))
      guesses <- if (starts > 0) c(guesses, list(p)) else list(p)
    }
  }
  best <- list(par = guesses[[1]], value = f(guesses[[1]]))
  for (p in guesses) {
    a <- quiet(tryCatch(nlminb(p, f, g, control = c(many,
      rel.tol = 1e-15, x.tol = 1e-12)), error = function(e) NULL))
    if (is.null(a)) next
    b <- quiet(tryCatch(optim(a$par, f, g, method = "BFGS", control = list(maxit = 5000,
      reltol = 1e-16)), error = function(e) NULL))
    for (r in list(list(a$par, a$objective), list(b$par, b$value)))
      if (!is.null(r[[1]]) && r[[2]] < best$value) best <- list(par = r[[1]], value = r[[2]])
  }
  p <- best$par
  for (step in 1:6) {
    gradient <- g(p)
    h <- tryCatch(jacobian(g, p), error = function(e) NULL)
    if (is.null(h) || any(!is.finite(h))) break
    move <- tryCatch(solve((h + t(h)) / 2, gradient), error = function(e) NULL)
    if (is.null(move) || max(abs(move)) > 1 || f(p - move) > f(p) + 1e-9) break
    p <- p - move
    if (max(abs(move)) < 1e-9) break
  }
  value <- f(p)
  full <- obj$env$last.par
  report <- obj$report(full)
  loading <- report$fact_load
  covs <- lapply(seq_along(parts$terms), function(i) {
    sd <- report$sd[[i]]
    q <- length(sd)
    if (parts$terms[[i]]$kind == "rr") tcrossprod(loading[[i]])
    else if (q == 1 || parts$terms[[i]]$kind == "diag") diag(sd^2, q)
    else report$corr[[i]] * tcrossprod(sd)
  })
  list(logLik = -value, covs = covs, sigma = exp(unname(full[names(full) == "betad"]) / 2),
       fixef = unname(full[names(full) == "beta"]), gradient = max(abs(g(p))),
       converged = default$convergence == 0)
}

## ---------------------------------------------------------------------------
## 3. nlme
## ---------------------------------------------------------------------------

## The objective that lme minimises, taken from its own call of nlminb.
STATE <- new.env()
quiet(trace("nlminb", where = asNamespace("nlme"), print = FALSE,
  tracer = quote(if (exists("lmeSt", environment(objective), inherits = FALSE))
    assign("structure", get("lmeSt", environment(objective)), STATE))))

tight <- function(...) lmeControl(maxIter = 500, msMaxIter = 1000, msMaxEval = 4000,
  tolerance = 1e-10, msTol = 1e-14,
  rel.tol = 1e-15, x.tol = 1e-12, ...)

fit_nlme <- function(model, d) {
  parts <- split_formula(model$formula)
  term <- parts$terms[[1]]
  group <- text_of(term$bar[[3]])
  columns <- as.formula(call("~", term$bar[[2]]))
  class <- switch(term$kind, us = pdSymm, diag = pdDiag, homdiag = pdIdent, homcs = pdCompSymm)
  if (length(parts$terms) != 1) stop("one random-effects term")
  fixed <- eval(call("~", parts$response, parts$fixed), globalenv())
  ## corAR1 takes times as one apart; corCAR1 reads them, and is the same where they are.
  gaps <- isTRUE(model$gaps)
  call_with <- function(cov = NULL, phi = 0.2, ratios = NULL, control) {
    pd <- if (is.null(cov)) class(form = columns, data = d)
          else class(cov, form = columns, data = d)
    args <- list(fixed, data = d, random = setNames(list(pd), group),
                 method = if (model$reml) "REML" else "ML", control = control)
    if (!is.null(model$ar1)) {
      form <- as.formula(paste("~", model$ar1))
      args$correlation <- (if (gaps) corCAR1 else corAR1)(phi, form = form)
    }
    if (!is.null(model$strata)) {
      form <- as.formula(paste("~ 1 |", model$strata))
      args$weights <- if (is.null(ratios)) varIdent(form = form) else varIdent(ratios, form = form)
    }
    quiet(do.call(lme, args))
  }
  ## lme started at the values of a model structure.
  again <- function(at, control) {
    cov <- pdMatrix(at$reStruct)[[1]]
    phi <- if (is.null(model$ar1)) NULL else coef(at$corStruct, unconstrained = FALSE)
    ratios <- if (is.null(model$strata)) NULL else coef(at$varStruct, unconstrained = FALSE)
    call_with(cov, phi, ratios, control)
  }
  fits <- list()
  phis <- if (is.null(model$ar1)) 0 else if (gaps) c(0.2, 0.7) else c(0.2, 0.7, -0.3)
  for (phi in phis) for (opt in c("nlminb", "optim")) {
    fit <- tryCatch(call_with(phi = phi, control = tight(opt = opt, niterEM = 50)),
                    error = function(e) NULL)
    if (!is.null(fit)) fits <- c(fits, list(fit))
  }
  converged <- length(fits) > 0
  if (!converged) fits <- list(call_with(control = tight(returnObject = TRUE)))
  values <- vapply(fits, function(f) as.numeric(logLik(f)), 0)
  fit <- fits[[which.max(values)]]
  for (i in 1:2) {
    more <- tryCatch(again(fit$modelStruct, tight(niterEM = 0, returnObject = TRUE)),
                     error = function(e) NULL)
    if (is.null(more)) break
    if (logLik(more) >= logLik(fit) - 1e-10) fit <- more
    ## Newton steps on nlme's profiled likelihood from there, and lme once more at the end. While
    ## it fits, nlme holds the inverse of the random effects' covariance.
    structure <- STATE$structure
    inverse <- function(m) { m$reStruct <- solve(m$reStruct); m }
    p <- coef(inverse(fit$modelStruct))
    objective <- function(q) -as.numeric(nlme:::logLik.lmeStruct(structure, q))
    end <- newton(objective, as.numeric(p), rep(-Inf, length(p)), rep(Inf, length(p)))
    coef(structure) <- end$par
    more <- tryCatch(again(inverse(structure), tight(niterEM = 0, returnObject = TRUE)),
                     error = function(e) NULL)
    if (!is.null(more) && logLik(more) >= logLik(fit) - 1e-11) fit <- more
  }
  cov <- pdMatrix(fit$modelStruct$reStruct)[[1]] * fit$sigma^2
  result <- list(logLik = as.numeric(logLik(fit)), sigma = fit$sigma, fixef = nlme::fixef(fit),
    vcov = fit$varFix, nobs = fit$dims$N, covs = list(cov), columns = list(colnames(cov)),
    terms = parts$terms, gradient = end$gradient, converged = converged)
  if (!is.null(model$ar1))
    result$phi <- unname(coef(fit$modelStruct$corStruct, unconstrained = FALSE))
  if (!is.null(model$strata)) {
    ## nlme's sigma is that of the stratum it meets first; here that of the first level.
    levels <- levels(d[[model$strata]])
    ratio <- coef(fit$modelStruct$varStruct, unconstrained = FALSE, allCoef = TRUE)[levels]
    result$sigma <- fit$sigma * ratio[[1]]
    result$strata <- list(column = model$strata, levels = I(levels),
      ratio = I(unname(ratio / ratio[[1]])), sd = I(unname(ratio * fit$sigma)))
  }
  result
}

## nlme and lme4 mean the same by a REML log likelihood.
local({
  d <- read_data("orthodont")
  ours <- quiet(lme(distance ~ age * Sex, d, ~ 1 | Subject, method = "REML"))
  theirs <- lmer(distance ~ age * Sex + (1 | Subject), d, REML = TRUE)
  stopifnot(abs(logLik(ours) - logLik(theirs)) < 1e-7)
})

