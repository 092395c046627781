# CPU time per request over connections; called by splice with `work` and `models` set.
set terminal svg noenhanced size 860,420 font "sans-serif,13" background rgb "white"
set logscale x
set xrange [0.8:1600]
set yrange [0:*]
set xtics (1, 64, 512)
set grid ytics lc rgb "#dddddd"
set border 3
set tics nomirror out
set key off
set xlabel "keep-alive connections"
set ylabel "server CPU, µs per request"
colour(m) = m eq "ceiling" ? 0x888888 : m eq "iterative" ? 0xcc79a7 : m eq "fork" ? 0xd55e00 : m eq "thread" ? 0xe69f00 : m eq "thread_pool" ? 0xb8860b : m eq "select" ? 0x56b4e9 : m eq "poll" ? 0x0072b2 : 0x009e73
dashes(m) = m eq "ceiling" ? 3 : m eq "select" ? 2 : m eq "poll" ? 4 : 1
# Labels stand at the right end of their lines, pushed apart where they would overlap.
array name[words(models)]
array y[words(models)]
do for [i=1:words(models)] {
    stats work."/".word(models, i) using 2 every ::2 nooutput
    name[i] = word(models, i)
    y[i] = STATS_records > 0 ? STATS_max : 0
}
do for [i=1:words(models)] { do for [j=i+1:words(models)] { if (y[j] < y[i]) { t=y[i]; y[i]=y[j]; y[j]=t; s=name[i]; name[i]=name[j]; name[j]=s } } }
last = -10
do for [i=1:words(models)] {
    at = y[i] < last + 1.45 ? last + 1.45 : y[i]
    set label name[i] at 560, at left tc rgb colour(name[i])
    last = at
}
plot for [m in models] work."/".m using 1:2 with linespoints lw 2 pt 7 ps 0.6 dt dashes(m) lc rgb colour(m)
