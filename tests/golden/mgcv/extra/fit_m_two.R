# Random smooths with m = 2, the two polynomials of every token turned to the line through the mean of x and the
# constant: mgcv's fs leaves their rotation to rounding errors (with rows in another order its fit changes), so the
# same model is written with paraPen here.  Usage, in this folder: Rscript fit_m_two.R
suppressPackageStartupMessages({library(mgcv); library(jsonlite)})
fit <- function(id, path, k, rho) {
  d <- read.csv(path, stringsAsFactors = FALSE)
  words <- unique(d$Word); d$Word <- factor(d$Word, levels = words)
  d$WordO <- as.ordered(d$Word); contrasts(d$WordO) <- "contr.treatment"
  d$Token <- factor(d$Token, levels = unique(d$Token)); d$Start <- d$Start == 1
  sm <- smoothCon(s(Sample, Token, bs = "fs", m = 2, k = k), d)[[1]]
  n.tok <- nlevels(d$Token)
  bend <- as.numeric(outer(1:(k - 2), (0:(n.tok - 1)) * k, "+"))
  own <- model.matrix(~ Token - 1, d)
  u <- (d$Sample - mean(d$Sample)) / sqrt(mean((d$Sample - mean(d$Sample))^2))
  frame <- as.list(d); frame$Bend <- sm$X[, bend]; frame$Line <- own * u; frame$Level <- own
  pen <- list(Bend = list(diag(ncol(frame$Bend))), Line = list(diag(n.tok)), Level = list(diag(n.tok)))
  f <- Value ~ Word + s(Sample) + s(Sample, by = WordO) + Bend + Line + Level
  m <- if (rho == 0) gam(f, data = frame, paraPen = pen, method = "REML", control = gam.control(epsilon = 1e-10, newton = list(conv.tol = 1e-9))) else
    bam(f, data = frame, paraPen = pen, method = "fREML", rho = rho, AR.start = d$Start, chunk.size = 10001)
  se <- sqrt(diag(m$Vp)); i <- seq_along(words)
  random <- grep("^(Bend|Line|Level)", names(coef(m)))
  smooths <- lapply(m$smooth, function(z) list(term = z$label, edf = sum(m$edf[z$first.para:z$last.para]), ref_df = sum(m$edf1[z$first.para:z$last.para])))
  smooths[[length(smooths) + 1]] <- list(term = "s(Sample,Token)", edf = sum(m$edf[random]))
  every <- seq(1, nrow(d), by = 5)
  writeLines(toJSON(list(id = id, k_random = k, rho = rho, mgcv = as.character(packageVersion("mgcv")), estimate = as.numeric(coef(m)[i]), se = as.numeric(se[i]),
    smooths = smooths, reml = as.numeric(m$gcv.ubre), sig2 = m$sig2, rows = every, fitted = as.numeric(fitted(m))[every]), auto_unbox = TRUE, digits = NA), paste0(id, ".json"))
  print(id)
}
fit("m_two_small", "../data_small.csv", 10, 0)
fit("m_two_grids", "data_grids.csv", 8, 0.3)
