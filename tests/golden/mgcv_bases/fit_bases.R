# Fits of mgcv with each basis of a smooth, and what smoothCon says of it. Usage, in this folder: Rscript fit_bases.R
# Writes data_bases.csv (simulated here, 240 rows) and fits.json. R 4.2.2, mgcv 1.8-41.
suppressPackageStartupMessages({library(mgcv); library(jsonlite)})
set.seed(20)
n <- 240
token <- rep(1:20, each = 12)
d <- data.frame(Token = token, Time = round(pmin(1, pmax(0, rep(0:11, 20) / 11 + runif(n, -.04, .04))), 3),
                Dur = round(rgamma(20, 6, 40)[token], 4), Freq = round(rnorm(20)[token], 3), IsF = (token %% 2))
d$Phase <- round(runif(n, 0, 360), 1)
d$Value <- round(sin(4 * d$Time) + cos(25 * d$Dur) * (.6 + sin(3 * d$Time)) + .6 * d$IsF * sin(3 * d$Time + 6 * d$Dur) + .4 * sin(2 * d$Freq) +
                 (.5 + .3 * d$Freq + .5 * d$Time^2) * cos(d$Phase * pi / 180) + rnorm(n, 0, .3), 4)
write.csv(d, "data_bases.csv", row.names = FALSE)
new <- data.frame(Time = seq(-.1, 1.1, length = 13), Dur = seq(.05, .3, length = 13), Freq = seq(-3, 3, length = 13),
                  IsF = rep(c(0, 1), length = 13), Phase = seq(-100, 460, length = 13))
cases <- list(
  cr = 's(Time, bs="cr", k=8)', cr_default = 's(Dur, bs="cr")', cs = 's(Dur, bs="cs", k=7)', tp = 's(Dur, k=8)',
  ts = 's(Time, bs="ts", k=8)', ts_m1 = 's(Dur, bs="ts", k=8, m=1)',
  cc = 's(Phase, bs="cc", k=8)', cc_ends = 's(Phase, bs="cc", k=8)',
  te = 'te(Time, Dur)', te_tp = 'te(Time, Dur, bs="tp", k=c(5,6))', te_cc = 'te(Phase, Time, bs=c("cc","cr"), k=c(6,5))',
  te_m1 = 'te(Time, Dur, bs="tp", k=c(5,6), m=1)', te_ts = 'te(Time, Dur, bs=c("ts","cr"), k=c(5,4))',
  te_three = 'te(Time, Dur, Freq, k=c(4,3,3))',
  ti = 's(Time, bs="cr", k=6) + s(Dur, bs="cr", k=6) + ti(Time, Dur)', ti_tp = 's(Time, k=6) + s(Dur, k=6) + ti(Time, Dur, bs="tp", k=c(5,6))',
  ti_cc = 's(Dur, k=7) + s(Phase, bs="cc", k=6) + ti(Phase, Time, bs=c("cc","cr"), k=c(6,5))',
  tp2 = 's(Time, Dur, k=30)', tp2_m3 = 's(Time, Dur, k=20, m=3)', tp2_ts = 's(Time, Dur, k=20, bs="ts")', tp3 = 's(Time, Dur, Freq, k=30)',
  by = 's(Dur, k=8) + s(Phase, by=Freq, k=7)', by_cr = 's(Dur, bs="cr", k=8) + s(Phase, by=Freq, bs="cr", k=7)', by_te = 'te(Time, Dur, by=IsF)',
  by_ti = 's(Dur, k=7) + ti(Time, Dur, by=IsF)', by_cc = 's(Phase, by=Freq, bs="cc", k=7)',
  select_tp = 's(Time, k=8) + s(Freq, k=7)', select_te = 'te(Time, Dur, k=c(5,4))', select_ti = 's(Time, bs="cr", k=6) + s(Dur, bs="cr", k=6) + ti(Time, Dur)', select_by = 's(Dur, k=8) + s(Phase, by=Freq, k=7)',
  select_tp2 = 's(Time, Dur, k=20)', select_cc = 's(Phase, bs="cc", k=8)')
out <- lapply(names(cases), function(name) {
  knots <- if (name == "cc_ends") list(Phase = c(0, 360)) else NULL
  m <- gam(as.formula(paste("Value ~", cases[[name]])), data = d, method = "REML", knots = knots, select = grepl("select", name),
           control = gam.control(newton = list(conv.tol = 1e-10), epsilon = 1e-12))
  p <- predict(m, new, se.fit = TRUE)
  cat(name, m$gcv.ubre, signif(m$sp, 4), "\n")
  list(name = name, formula = cases[[name]], score = as.numeric(m$gcv.ubre), sig2 = m$sig2, sp = as.list(m$sp),
       smooths = lapply(m$smooth, function(z) list(label = z$label, ncol = z$last.para - z$first.para + 1, null = z$null.space.dim,
         rank = as.list(z$rank), edf = sum(m$edf[z$first.para:z$last.para]), scale = as.list(z$S.scale))),
       se_intercept = sqrt(vcov(m)[1, 1]), intercept = coef(m)[[1]],
       fitted = as.numeric(fitted(m))[seq(1, n, by = 13)], predicted = as.numeric(p$fit), predicted_se = as.numeric(p$se.fit))
})
writeLines(toJSON(out, auto_unbox = TRUE, digits = NA, pretty = TRUE), "fits.json")
