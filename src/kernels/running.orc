# The kernel family `running`, in three programs, since one would have too many variables for Orc; what lies between them
# is a tile in cache. d = x - mu of before, times 2^shift: an exact difference, rounded once to float32.
# y = d / max (sqrt (var weight + epsilon), floor) gamma + beta.
.function pixelnorm_orc_running_result_u8
.dest 4 y float
.dest 4 d float
.source 1 x uint8_t
.source 4 mu int32_t
.source 4 var float
.source 4 gamma float
.source 4 beta float
.param 4 shift
.floatparam 4 unit
.floatparam 4 weight
.floatparam 4 epsilon
.floatparam 4 floor
.temp 2 w
.temp 4 l
.temp 4 f
.temp 4 deviation

convubw w, x
convuwl l, w
shll l, l, shift
subl l, l, mu
convlf f, l
storel d, f
mulf f, f, unit
mulf deviation, var, weight
addf deviation, deviation, epsilon
sqrtf deviation, deviation
maxf deviation, deviation, floor
divf f, f, deviation
mulf f, f, gamma
addf y, f, beta


.function pixelnorm_orc_running_result_u16
.dest 4 y float
.dest 4 d float
.source 2 x uint16_t
.source 4 mu int32_t
.source 4 var float
.source 4 gamma float
.source 4 beta float
.param 4 shift
.floatparam 4 unit
.floatparam 4 weight
.floatparam 4 epsilon
.floatparam 4 floor
.temp 4 l
.temp 4 f
.temp 4 deviation

convuwl l, x
shll l, l, shift
subl l, l, mu
convlf f, l
storel d, f
mulf f, f, unit
mulf deviation, var, weight
addf deviation, deviation, epsilon
sqrtf deviation, deviation
maxf deviation, deviation, floor
divf f, f, deviation
mulf f, f, gamma
addf y, f, beta


# mu += d momentum, as an integer; rest is what rounding left of it, in 2^-15, for the next time. convfl truncates, so
# half is added with the sign; 0x4b400000 is 1.5 * 2^23, whose last place is 1.
.function pixelnorm_orc_running_mean
.dest 4 mu int32_t
.dest 2 rest int16_t
.source 4 d float
.source 4 momentum float
.temp 2 w
.temp 4 step
.temp 4 f
.temp 4 l

loadw w, rest
convswl l, w
convlf f, l
mulf f, f, 0x38000000
mulf step, d, momentum
addf step, step, f
andl f, step, 0x80000000
orl f, f, 0x3f000000
addf f, f, step
convfl l, f
addl mu, mu, l
convlf f, l
subf step, step, f
mulf step, step, 0x47000000
addf step, step, 0x4b400000
subl l, step, 0x4b400000
convssslw rest, l


# var += momentum ((1 - momentum) d^2 - var); 0x0d800000 is 2^-100.
.function pixelnorm_orc_running_variance
.dest 4 var float
.source 4 d float
.source 4 momentum float
.floatparam 4 unit
.temp 4 f
.temp 4 m
.temp 4 v

loadl m, momentum
mulf f, d, unit
mulf f, f, f
subf v, 0x3f800000, m
mulf f, f, v
loadl v, var
subf f, f, v
mulf f, f, m
addf f, f, v
maxf var, f, 0x0d800000


# Results to 8 bits, as normalize.orc has it.
.function pixelnorm_orc_convert_u8
.dest 1 to uint8_t
.source 4 from float
.param 4 magic
.temp 4 f
.temp 2 w

minf f, from, 0x44800000
maxf f, f, 0xc4800000
addf f, f, 0x4b400000
subl f, f, magic
convssslw w, f
convsuswb to, w


.function pixelnorm_orc_convert_i8
.dest 1 to int8_t
.source 4 from float
.param 4 magic
.temp 4 f
.temp 2 w

minf f, from, 0x44800000
maxf f, f, 0xc4800000
addf f, f, 0x4b400000
subl f, f, magic
convssslw w, f
convssswb to, w
