# The kernel family `running`, in three programs, since one would have too many variables for Orc; what lies between them
# is a tile in cache: d = x - mu of before, times 2^shift, exact. The fraction of mu, rest - 0x8000 in 2^-16 of its last
# place, comes off where d is a float32; 0x37800000 is 2^-16.
# y = d / max (sqrt (var weight + epsilon), floor) gamma + beta.
.function pixelnorm_orc_running_result_u8
.dest 4 y float
.dest 4 d int32_t
.source 1 x uint8_t
.source 4 mu int32_t
.source 2 rest uint16_t
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
.temp 2 r
.temp 4 fraction

convubw w, x
convuwl l, w
shll l, l, shift
subl l, l, mu
storel d, l
convlf f, l
xorw r, rest, 0x8000
convswl fraction, r
convlf fraction, fraction
mulf fraction, fraction, 0x37800000
subf f, f, fraction
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
.dest 4 d int32_t
.source 2 x uint16_t
.source 4 mu int32_t
.source 2 rest uint16_t
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
.temp 2 r
.temp 4 fraction

convuwl l, x
shll l, l, shift
subl l, l, mu
storel d, l
convlf f, l
xorw r, rest, 0x8000
convswl fraction, r
convlf fraction, fraction
mulf fraction, fraction, 0x37800000
subf f, f, fraction
mulf f, f, unit
mulf deviation, var, weight
addf deviation, deviation, epsilon
sqrtf deviation, deviation
maxf deviation, deviation, floor
divf f, f, deviation
mulf f, f, gamma
addf y, f, beta


# mu += d momentum, momentum being in 2^-31: the product has 62 bits, of which 31 lie right of the point; 16 of them are
# added to rest, whose carry goes to mu. What the fraction of mu takes off d is 16 bits times the upper 16 of momentum.
.function pixelnorm_orc_running_mean
.dest 4 mu int32_t
.dest 2 rest uint16_t
.source 4 d int32_t
.source 4 momentum int32_t
.temp 4 high
.temp 4 low
.temp 4 t
.temp 4 dd
.temp 4 m
.temp 2 w
.temp 2 r

loadl dd, d
loadl m, momentum
mulhsl high, dd, m
mulll low, dd, m
shll high, high, 1
shrul t, low, 31
orl high, high, t
shrul low, low, 15
andl low, low, 0xffff
loadw w, rest
convuwl t, w
addl low, low, t
xorw w, w, 0x8000
convhlw r, m
mulhsw w, w, r
convswl t, w
shll t, t, 1
subl low, low, t
shrsl t, low, 16
addl high, high, t
addl mu, mu, high
convlw rest, low


# var += momentum ((1 - momentum) d^2 - var); 0x30000000 is 2^-31, 0x0d800000 2^-100.
.function pixelnorm_orc_running_variance
.dest 4 var float
.source 4 d int32_t
.source 4 momentum int32_t
.floatparam 4 unit
.temp 4 f
.temp 4 m
.temp 4 v

convlf m, momentum
mulf m, m, 0x30000000
convlf f, d
mulf f, f, unit
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
