## Formulas and covariance structures of tools/structures.R.

## ---------------------------------------------------------------------------
## 1. Formulas: `kind(columns | group)`, or `rr(columns | group, rank)`
## ---------------------------------------------------------------------------

KINDS <- c("us", "diag", "homdiag", "cs", "homcs", "ar1", "hetar1", "toep", "rr")

split_formula <- function(formula) {
  fixed <- NULL
  terms <- list()
  walk <- function(e) {
    if (is.call(e) && identical(e[[1]], as.name("+")) && length(e) == 3) {
      walk(e[[2]]); walk(e[[3]])
    } else if (is.call(e) && identical(e[[1]], as.name("("))) {
      terms[[length(terms) + 1]] <<- list(kind = "us", bar = e[[2]])
    } else if (is.call(e) && as.character(e[[1]])[1] %in% KINDS) {
      terms[[length(terms) + 1]] <<-
        list(kind = as.character(e[[1]]), bar = e[[2]], rank = if (length(e) > 2) eval(e[[3]]))
    } else fixed <<- if (is.null(fixed)) e else call("+", fixed, e)
  }
  walk(formula[[3]])
  list(response = formula[[2]], fixed = fixed, terms = terms)
}

with_terms <- function(parts, write) {
  rhs <- parts$fixed
  for (term in parts$terms) rhs <- call("+", rhs, write(term))
  eval(call("~", parts$response, rhs), globalenv())
}

lme4_formula <- function(parts) with_terms(parts, function(t) call("(", t$bar))

glmmtmb_formula <- function(parts) with_terms(parts, function(t) {
  call <- as.call(list(as.name(t$kind), t$bar))
  if (!is.null(t$rank)) call$d <- t$rank
  call
})

text_of <- function(e) gsub("\\s+", " ", paste(deparse(e, width.cutoff = 500), collapse = " "))

## ---------------------------------------------------------------------------
## 2. Structures: parameters with bounds, in units of sigma, to a covariance matrix
## ---------------------------------------------------------------------------

## Correlations of lags 0 to q - 1 from partial autocorrelations (Durbin and Levinson).
lag_correlations <- function(partial) {
  r <- 1; phi <- numeric(0)
  for (k in seq_along(partial)) {
    last <- rev(r)[seq_along(phi)]
    v <- prod(1 - partial[seq_len(k - 1)]^2)
    r <- c(r, sum(phi * last) + partial[k] * v)
    phi <- c(phi - partial[k] * rev(phi), partial[k])
  }
  r
}

compound <- function(q, rho) { m <- matrix(rho, q, q); diag(m) <- 1; m }
scaled <- function(sd, corr) corr * tcrossprod(sd)
lags <- function(q) abs(outer(seq_len(q), seq_len(q), "-"))

structure_of <- function(kind, q, rank) {
  sds <- function(n) list(lower = rep(0, n), upper = rep(Inf, n), start = rep(1, n))
  correlation <- function(low) list(lower = low, upper = 1, start = 0.3)
  join <- function(...) {
    p <- list(...)
    list(lower = unlist(lapply(p, `[[`, "lower")), upper = unlist(lapply(p, `[[`, "upper")),
         start = unlist(lapply(p, `[[`, "start")))
  }
  first <- seq_len(q)
  lower_cs <- if (q > 1) -1 / (q - 1) else 0
  make <- switch(kind,
    us = {
      on <- lower.tri(diag(q), TRUE)
      diagonal <- diag(q)[on] == 1
      c(list(lower = ifelse(diagonal, 0, -Inf), upper = rep(Inf, sum(on)),
             start = as.numeric(diagonal)),
        cov = function(p) { l <- matrix(0, q, q); l[on] <- p; tcrossprod(l) })
    },
    rr = {
      on <- lower.tri(matrix(0, q, rank), TRUE)
      c(list(lower = rep(-Inf, sum(on)), upper = rep(Inf, sum(on)),
             start = 1 / (1 + 0.3 * col(on)[on] + 0.1 * row(on)[on])),
        cov = function(p) { l <- matrix(0, q, rank); l[on] <- p; tcrossprod(l) })
    },
    diag = c(sds(q), cov = function(p) diag(p^2, q)),
    homdiag = c(sds(1), cov = function(p) diag(p^2, q)),
    cs = c(join(sds(q), correlation(lower_cs)),
           cov = function(p) scaled(p[first], compound(q, p[q + 1]))),
    homcs = c(join(sds(1), correlation(lower_cs)),
              cov = function(p) p[1]^2 * compound(q, p[2])),
    ar1 = c(join(sds(1), correlation(-1)), cov = function(p) p[1]^2 * p[2]^lags(q)),
    hetar1 = c(join(sds(q), correlation(-1)),
               cov = function(p) scaled(p[first], p[q + 1]^lags(q))),
    toep = c(join(sds(q), list(lower = rep(-1, q - 1), upper = rep(1, q - 1),
                               start = c(0.3, rep(0, q - 2)))),
             cov = function(p) {
               r <- lag_correlations(p[-first])
               scaled(p[first], matrix(r[lags(q) + 1], q, q))
             }))
  make
}

## Lower triangular factor of a matrix that may be singular.
factor_of <- function(m) {
  q <- nrow(m); l <- matrix(0, q, q); tiny <- 1e-13 * max(diag(m), 1e-300)
  for (j in seq_len(q)) {
    before <- seq_len(j - 1)
    pivot <- m[j, j] - sum(l[j, before]^2)
    if (pivot <= tiny) next
    l[j, j] <- sqrt(pivot)
    for (i in seq_len(q)[seq_len(q) > j])
      l[i, j] <- (m[i, j] - sum(l[i, before] * l[j, before])) / l[j, j]
  }
  l
}
