# Extra reference fits with mgcv.  Usage, in this folder: python make_data.py; Rscript fit_extra.R [ID ...]
# jobs.csv has one fit per line: id, data, engine (gam | bam), method (REML | ML | fREML), rho, knots (0 = none), formula.
suppressPackageStartupMessages({library(mgcv); library(jsonlite)})
jobs <- read.csv("jobs.csv", stringsAsFactors = FALSE)
want <- commandArgs(TRUE); if (length(want)) jobs <- jobs[jobs$id %in% want, ]
for (i in seq_len(nrow(jobs))) {
  job <- jobs[i, ]
  d <- read.csv(if (file.exists(paste0("data_", job$data, ".csv"))) paste0("data_", job$data, ".csv") else paste0("../data_", job$data, ".csv"), stringsAsFactors = FALSE)
  words <- unique(d$Word)                       # order of appearance: the first is the reference
  d$Word <- factor(d$Word, levels = words)
  d$WordO <- as.ordered(d$Word); contrasts(d$WordO) <- "contr.treatment"
  d$Token <- factor(d$Token, levels = unique(d$Token))
  if (!is.null(d$Speaker)) d$Speaker <- factor(d$Speaker)
  d$Start <- d$Start == 1
  KN <- if (job$knots > 0) list(Sample = seq(min(d$Sample), max(d$Sample), length = job$knots)) else NULL
  f <- as.formula(job$formula)
  t0 <- proc.time()
  if (job$engine == "gam") m <- gam(f, data = d, method = job$method, knots = KN, control = gam.control(epsilon = 1e-11, newton = list(conv.tol = 1e-10))) else
    m <- bam(f, data = d, method = job$method, rho = job$rho, AR.start = d$Start, chunk.size = 10001, knots = KN)
  s <- summary(m)
  xs <- seq(min(d$Sample), max(d$Sample), length = 21)
  random <- sapply(m$smooth, function(z) inherits(z, c("fs.interaction", "random.effect")))
  excl <- if (any(random)) m$smooth[[which(random)]]$label else NULL
  nfix <- if (any(random)) m$smooth[[which(random)]]$first.para - 1 else length(coef(m))
  frame <- function(w) { nd <- data.frame(Sample = xs, Word = factor(w, levels = words), Token = d$Token[1])
    if (!is.null(d$Speaker)) nd$Speaker <- d$Speaker[1]
    if (!is.null(d$Speed)) nd$Speed <- mean(d$Speed)
    nd$WordO <- factor(w, levels = words, ordered = TRUE); contrasts(nd$WordO) <- "contr.treatment"; nd }
  curves <- do.call(rbind, lapply(words, function(w) { p <- predict(m, frame(w), se.fit = TRUE, exclude = excl, discrete = FALSE)
    data.frame(group = w, time = xs, fit = as.numeric(p$fit), se = as.numeric(p$se.fit)) }))
  lp <- function(w) predict(m, frame(w), type = "lpmatrix", discrete = FALSE)[, 1:nfix]
  V <- m$Vp[1:nfix, 1:nfix]; b <- coef(m)[1:nfix]
  pairs <- t(combn(length(words), 2))
  differences <- do.call(rbind, lapply(seq_len(nrow(pairs)), function(j) { L <- lp(words[pairs[j, 2]]) - lp(words[pairs[j, 1]])
    data.frame(a = words[pairs[j, 1]], b = words[pairs[j, 2]], time = xs, difference = as.numeric(L %*% b), se = sqrt(pmax(0, rowSums((L %*% V) * L)))) }))
  P <- data.frame(term = rownames(s$p.table), s$p.table, row.names = NULL); names(P) <- c("term", "estimate", "se", "t", "p")
  S <- data.frame(term = rownames(s$s.table), s$s.table, row.names = NULL); names(S) <- c("term", "edf", "ref_df", "F", "p")
  every <- seq(1, nrow(d), by = 5)
  J <- list(id = job$id, data = job$data, engine = job$engine, method = job$method, rho = job$rho, knots = job$knots, formula = job$formula,
    R = R.version.string, mgcv = as.character(packageVersion("mgcv")), n = nrow(d), parametric = P, smooths = S, sp = as.list(m$sp),
    reml = as.numeric(m$gcv.ubre), sig2 = m$sig2, edf_total = sum(m$edf), logLik = as.numeric(logLik(m)),
    rows = every, fitted = as.numeric(fitted(m))[every], curves = curves, differences = differences)
  writeLines(toJSON(J, auto_unbox = TRUE, digits = NA, na = "null"), paste0(job$id, ".json"))
  cat(job$id, (proc.time() - t0)[["elapsed"]], "s\n")
}
