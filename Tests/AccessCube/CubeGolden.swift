extension RecordedCubes {
  /// The goldens, section by section: made by `Tools/dev cube --record`.
  static let text = """
    kernel physical-bits=36 pku=true
      cases=28999680 runs=xxh3-128:4f30cb5dfe6122127b244210be22736c
      #PF:0=3440640 #PF:2=2744320 #PF:3=250336 #PF:4=3440640 #PF:5=501760
      #PF:6=2744320 #PF:7=592192 #PF:9=1679360 #PF:b=1331200 #PF:d=1679360
      #PF:f=1331200 #PF:10=2048000 #PF:11=307200 #PF:14=2048000 #PF:15=445440
      #PF:19=983040 #PF:1d=983040 #PF:21=70656 #PF:23=88320 #PF:25=70656
      #PF:27=105984 translated=2114016
    kernel physical-bits=36 pku=true every=1009
      cases=28742 runs=xxh3-128:d371c06241df3c3cc030b0109c5bd77c
      #PF:0=3409 #PF:2=2719 #PF:3=244 #PF:4=3415 #PF:5=484
      #PF:6=2718 #PF:7=598 #PF:9=1663 #PF:b=1321 #PF:d=1659
      #PF:f=1319 #PF:10=2035 #PF:11=304 #PF:14=2033 #PF:15=437
      #PF:19=970 #PF:1d=976 #PF:21=66 #PF:23=87 #PF:25=78
      #PF:27=102 translated=2105
    kernel physical-bits=36 pku=false
      cases=2899968 runs=xxh3-128:d9950362afc8e5e4c2f3606cc3598952
      #PF:0=344064 #PF:2=274432 #PF:3=29056 #PF:4=344064 #PF:5=50176
      #PF:6=274432 #PF:7=67264 #PF:9=167936 #PF:b=133120 #PF:d=167936
      #PF:f=133120 #PF:10=204800 #PF:11=30720 #PF:14=204800 #PF:15=44544
      #PF:19=98304 #PF:1d=98304 translated=232896
    kernel physical-bits=36 pku=false every=1009
      cases=2875 runs=xxh3-128:88f1b5387f4b8a9e45224e7d8e338d7c
      #PF:0=343 #PF:2=273 #PF:3=32 #PF:4=336 #PF:5=49
      #PF:6=270 #PF:7=68 #PF:9=166 #PF:b=132 #PF:d=170
      #PF:f=130 #PF:10=201 #PF:11=31 #PF:14=207 #PF:15=43
      #PF:19=98 #PF:1d=96 translated=230
    kernel physical-bits=40 pku=true
      cases=19169280 runs=xxh3-128:a95525c1ca68acde29de8bbf0d3cbeb3
      #PF:0=2334720 #PF:2=1822720 #PF:3=185056 #PF:4=2334720 #PF:5=378880
      #PF:6=1822720 #PF:7=436032 #PF:9=1064960 #PF:b=819200 #PF:d=1064960
      #PF:f=819200 #PF:10=1310720 #PF:11=225280 #PF:14=1310720 #PF:15=322560
      #PF:19=573440 #PF:1d=573440 #PF:21=50176 #PF:23=62720 #PF:25=50176
      #PF:27=75264 translated=1531616
    kernel physical-bits=40 pku=true every=1009
      cases=18999 runs=xxh3-128:605d6993ec1a4f5b6937e80282c23649
      #PF:0=2323 #PF:2=1798 #PF:3=187 #PF:4=2307 #PF:5=375
      #PF:6=1812 #PF:7=432 #PF:9=1048 #PF:b=814 #PF:d=1060
      #PF:f=814 #PF:10=1293 #PF:11=225 #PF:14=1294 #PF:15=317
      #PF:19=573 #PF:1d=570 #PF:21=45 #PF:23=69 #PF:25=52
      #PF:27=74 translated=1517
    kernel physical-bits=40 pku=false
      cases=1916928 runs=xxh3-128:f90011d26af6a4599a247a466ff72e5b
      #PF:0=233472 #PF:2=182272 #PF:3=21376 #PF:4=233472 #PF:5=37888
      #PF:6=182272 #PF:7=49344 #PF:9=106496 #PF:b=81920 #PF:d=106496
      #PF:f=81920 #PF:10=131072 #PF:11=22528 #PF:14=131072 #PF:15=32256
      #PF:19=57344 #PF:1d=57344 translated=168384
    kernel physical-bits=40 pku=false every=1009
      cases=1900 runs=xxh3-128:b89f1af7fb379b44368681e40798f85d
      #PF:0=225 #PF:2=183 #PF:3=24 #PF:4=240 #PF:5=51
      #PF:6=178 #PF:7=47 #PF:9=108 #PF:b=81 #PF:d=100
      #PF:f=83 #PF:10=130 #PF:11=20 #PF:14=129 #PF:15=24
      #PF:19=58 #PF:1d=57 translated=162
    kernel physical-bits=52 pku=true
      cases=9338880 runs=xxh3-128:ceb11bc7b7376214273aac8eb3f9280c
      #PF:0=1228800 #PF:2=901120 #PF:3=119776 #PF:4=1228800 #PF:5=256000
      #PF:6=901120 #PF:7=279872 #PF:9=450560 #PF:b=307200 #PF:d=450560
      #PF:f=307200 #PF:10=573440 #PF:11=143360 #PF:14=573440 #PF:15=199680
      #PF:19=163840 #PF:1d=163840 #PF:21=29696 #PF:23=37120 #PF:25=29696
      #PF:27=44544 translated=949216
    kernel physical-bits=52 pku=true every=1009
      cases=9256 runs=xxh3-128:5916d939db3050d2148526aa3712ad7c
      #PF:0=1221 #PF:2=898 #PF:3=123 #PF:4=1205 #PF:5=260
      #PF:6=900 #PF:7=278 #PF:9=448 #PF:b=303 #PF:d=454
      #PF:f=298 #PF:10=568 #PF:11=146 #PF:14=568 #PF:15=201
      #PF:19=163 #PF:1d=163 #PF:21=30 #PF:23=42 #PF:25=27
      #PF:27=41 translated=919
    kernel physical-bits=52 pku=false
      cases=933888 runs=xxh3-128:b5c95d325c1532d97148c9264f9e765a
      #PF:0=122880 #PF:2=90112 #PF:3=13696 #PF:4=122880 #PF:5=25600
      #PF:6=90112 #PF:7=31424 #PF:9=45056 #PF:b=30720 #PF:d=45056
      #PF:f=30720 #PF:10=57344 #PF:11=14336 #PF:14=57344 #PF:15=19968
      #PF:19=16384 #PF:1d=16384 translated=103872
    kernel physical-bits=52 pku=false every=1009
      cases=926 runs=xxh3-128:b99f7710552404f4ae62a8fccc1fa921
      #PF:0=119 #PF:2=90 #PF:3=15 #PF:4=118 #PF:5=29
      #PF:6=92 #PF:7=34 #PF:9=47 #PF:b=29 #PF:d=51
      #PF:f=27 #PF:10=56 #PF:11=15 #PF:14=56 #PF:15=18
      #PF:19=17 #PF:1d=16 translated=97
    rights-per-level
      cases=442368 runs=xxh3-128:0e25bfdb6c073238a124d5c33e2c09a6
      #PF:1=3072 #PF:3=47712 #PF:5=46080 #PF:7=48960 #PF:11=92352
      #PF:15=48960 translated=155232
    rights-per-level every=389
      cases=1138 runs=xxh3-128:0fd9dbe392972b77dfb06fc8e584ee5c
      #PF:1=6 #PF:3=120 #PF:5=120 #PF:7=126 #PF:11=236
      #PF:15=125 translated=405
    keys-level-1
      cases=221184 runs=xxh3-128:52a46231de8d35272472f48e12a66239
      #PF:1=5376 #PF:3=18288 #PF:5=16128 #PF:7=19296 #PF:15=18432
      #PF:21=6144 #PF:23=7680 #PF:25=3072 #PF:27=4032 translated=122736
    keys-level-1 every=1453
      cases=153 runs=xxh3-128:f79655311b65e0277e89e73b683be93f
      #PF:1=4 #PF:3=13 #PF:5=12 #PF:7=14 #PF:15=13
      #PF:21=3 #PF:23=5 #PF:25=2 #PF:27=2 translated=85
    keys-level-2
      cases=221184 runs=xxh3-128:52a46231de8d35272472f48e12a66239
      #PF:1=5376 #PF:3=18288 #PF:5=16128 #PF:7=19296 #PF:15=18432
      #PF:21=6144 #PF:23=7680 #PF:25=3072 #PF:27=4032 translated=122736
    keys-level-2 every=1453
      cases=153 runs=xxh3-128:f79655311b65e0277e89e73b683be93f
      #PF:1=4 #PF:3=13 #PF:5=12 #PF:7=14 #PF:15=13
      #PF:21=3 #PF:23=5 #PF:25=2 #PF:27=2 translated=85
    keys-level-3
      cases=221184 runs=xxh3-128:52a46231de8d35272472f48e12a66239
      #PF:1=5376 #PF:3=18288 #PF:5=16128 #PF:7=19296 #PF:15=18432
      #PF:21=6144 #PF:23=7680 #PF:25=3072 #PF:27=4032 translated=122736
    keys-level-3 every=1453
      cases=153 runs=xxh3-128:f79655311b65e0277e89e73b683be93f
      #PF:1=4 #PF:3=13 #PF:5=12 #PF:7=14 #PF:15=13
      #PF:21=3 #PF:23=5 #PF:25=2 #PF:27=2 translated=85
    shadow-stacks-level-1
      cases=276480 runs=xxh3-128:a812d78f2e34159daa52e479b3618592
      #PF:0=18432 #PF:1=384 #PF:2=18432 #PF:3=13464 #PF:4=9216
      #PF:5=7680 #PF:6=9216 #PF:7=7140 #PF:10=18432 #PF:11=9216
      #PF:14=9216 #PF:15=8928 #PF:21=2048 #PF:23=4096 #PF:25=1024
      #PF:27=2048 #PF:40=18432 #PF:41=15904 #PF:42=18432 #PF:43=13916
      #PF:44=9216 #PF:45=8176 #PF:46=9216 #PF:47=7154 #PF:61=2048
      #PF:63=4096 #PF:65=1024 #PF:67=2048 translated=27846
    shadow-stacks-level-1 every=331
      cases=836 runs=xxh3-128:07d8b1e7fc6b84303f96e30051c3754d
      #PF:0=56 #PF:1=1 #PF:2=56 #PF:3=41 #PF:4=28
      #PF:5=25 #PF:6=28 #PF:7=22 #PF:10=56 #PF:11=27
      #PF:14=28 #PF:15=27 #PF:21=6 #PF:23=12 #PF:25=3
      #PF:27=6 #PF:40=56 #PF:41=47 #PF:42=55 #PF:43=43
      #PF:44=27 #PF:45=25 #PF:46=28 #PF:47=21 #PF:61=6
      #PF:63=12 #PF:65=3 #PF:67=6 translated=85
    shadow-stacks-level-2
      cases=69120 runs=xxh3-128:9c7e502d5cb4a55e6d2abdf720424c41
      #PF:0=4608 #PF:1=192 #PF:2=4608 #PF:3=3160 #PF:4=2304
      #PF:5=1792 #PF:6=2304 #PF:7=1764 #PF:10=4608 #PF:11=2304
      #PF:14=2304 #PF:15=2160 #PF:21=512 #PF:23=1024 #PF:25=256
      #PF:27=512 #PF:40=4608 #PF:41=3872 #PF:42=4608 #PF:43=3388
      #PF:44=2304 #PF:45=2032 #PF:46=2304 #PF:47=1778 #PF:61=512
      #PF:63=1024 #PF:65=256 #PF:67=512 translated=7510
    shadow-stacks-level-2 every=331
      cases=209 runs=xxh3-128:c67b35c562843194d6cbf53c095e1859
      #PF:0=15 #PF:1=1 #PF:2=15 #PF:3=5 #PF:4=6
      #PF:5=4 #PF:6=8 #PF:7=6 #PF:10=12 #PF:11=9
      #PF:14=7 #PF:15=6 #PF:21=2 #PF:23=3 #PF:25=1
      #PF:27=1 #PF:40=14 #PF:41=12 #PF:42=14 #PF:43=9
      #PF:44=7 #PF:45=6 #PF:46=7 #PF:47=5 #PF:61=2
      #PF:63=3 #PF:67=2 translated=27
    shadow-stacks-level-3
      cases=17280 runs=xxh3-128:01011228de19f17ebaa16cdb86ec91b2
      #PF:0=1152 #PF:1=96 #PF:2=1152 #PF:3=696 #PF:4=576
      #PF:5=384 #PF:6=576 #PF:7=420 #PF:10=1152 #PF:11=576
      #PF:14=576 #PF:15=504 #PF:21=128 #PF:23=256 #PF:25=64
      #PF:27=128 #PF:40=1152 #PF:41=928 #PF:42=1152 #PF:43=812
      #PF:44=576 #PF:45=496 #PF:46=576 #PF:47=434 #PF:61=128
      #PF:63=256 #PF:65=64 #PF:67=128 translated=2142
    shadow-stacks-level-3 every=331
      cases=53 runs=xxh3-128:fa16ca345de9135461b65d9d6cfbfcc6
      #PF:0=4 #PF:2=4 #PF:4=2 #PF:5=1 #PF:6=2
      #PF:10=4 #PF:11=1 #PF:14=2 #PF:15=1 #PF:23=4
      #PF:27=2 #PF:40=4 #PF:41=3 #PF:42=2 #PF:43=2
      #PF:44=2 #PF:45=2 #PF:46=1 #PF:47=2 translated=8
    reserved-4-levels-page-at-1
      cases=73728 runs=xxh3-128:fac5e2df9a2411ce0f77031ee8076a0e
      #PF:0=7400 #PF:2=5060 #PF:4=7400 #PF:6=5060 #PF:9=11014
      #PF:b=7211 #PF:d=11014 #PF:f=7211 #PF:10=2720 #PF:11=15
      #PF:14=2720 #PF:15=15 #PF:19=3408 #PF:1d=3408 translated=72
    reserved-4-levels-page-at-1 every=1787
      cases=42 runs=xxh3-128:c15dc4fb978b2f5981396fa743530ada
      #PF:0=4 #PF:2=4 #PF:4=5 #PF:6=1 #PF:9=6
      #PF:b=3 #PF:d=7 #PF:f=5 #PF:10=2 #PF:14=1
      #PF:19=2 #PF:1d=2
    reserved-4-levels-page-at-2
      cases=19584 runs=xxh3-128:addd480882bc453f28ba63157ecebccd
      #PF:0=1928 #PF:2=1312 #PF:4=1928 #PF:6=1312 #PF:9=2946
      #PF:b=1933 #PF:d=2946 #PF:f=1933 #PF:10=696 #PF:11=13
      #PF:14=696 #PF:15=13 #PF:19=920 #PF:1d=920 translated=88
    reserved-4-levels-page-at-2 every=211
      cases=93 runs=xxh3-128:5d5c768576626f9dcdf96117ca3745bc
      #PF:0=9 #PF:2=7 #PF:4=10 #PF:6=5 #PF:9=14
      #PF:b=9 #PF:d=14 #PF:f=10 #PF:10=3 #PF:14=3
      #PF:15=1 #PF:19=4 #PF:1d=4
    reserved-4-levels-page-at-3
      cases=4896 runs=xxh3-128:d9940d58b3ba770f6a738a46bb317b54
      #PF:0=440 #PF:2=296 #PF:4=440 #PF:6=296 #PF:9=770
      #PF:b=509 #PF:d=770 #PF:f=509 #PF:10=152 #PF:11=5
      #PF:14=152 #PF:15=5 #PF:19=248 #PF:1d=248 translated=56
    reserved-4-levels-page-at-3 every=211
      cases=24 runs=xxh3-128:ad2fb30744ed0011508ce1a658ac0010
      #PF:0=4 #PF:2=2 #PF:4=4 #PF:6=3 #PF:9=2
      #PF:b=2 #PF:d=2 #PF:f=1 #PF:19=2 #PF:1d=2
    reserved-5-levels-page-at-1
      cases=884736 runs=xxh3-128:80ea88641c8b26e8d2560944e77839e2
      #PF:0=83848 #PF:2=56932 #PF:4=83848 #PF:6=56932 #PF:9=137302
      #PF:b=90491 #PF:d=137302 #PF:f=90491 #PF:10=30016 #PF:11=31
      #PF:14=30016 #PF:15=31 #PF:19=43680 #PF:1d=43680 translated=136
    reserved-5-levels-page-at-1 every=1787
      cases=496 runs=xxh3-128:143a17aab208ad55d6081ff7c2e85798
      #PF:0=48 #PF:2=32 #PF:4=44 #PF:6=33 #PF:9=76
      #PF:b=50 #PF:d=80 #PF:f=50 #PF:10=18 #PF:14=18
      #PF:19=24 #PF:1d=23
    reserved-5-levels-page-at-2
      cases=235008 runs=xxh3-128:74b2e68f8e9afe35771973531a8cf758
      #PF:0=22208 #PF:2=15064 #PF:4=22208 #PF:6=15064 #PF:9=36506
      #PF:b=24069 #PF:d=36506 #PF:f=24069 #PF:10=7920 #PF:11=29
      #PF:14=7920 #PF:15=29 #PF:19=11632 #PF:1d=11632 translated=152
    reserved-5-levels-page-at-2 every=211
      cases=1114 runs=xxh3-128:54e7940072051fbc1d498162f6e920bb
      #PF:0=107 #PF:2=71 #PF:4=106 #PF:6=71 #PF:9=171
      #PF:b=114 #PF:d=173 #PF:f=115 #PF:10=39 #PF:14=39
      #PF:19=54 #PF:1d=54
    reserved-5-levels-page-at-3
      cases=58752 runs=xxh3-128:beec53accc91879a33abc3933b68dd07
      #PF:0=5488 #PF:2=3712 #PF:4=5488 #PF:6=3712 #PF:9=9178
      #PF:b=6061 #PF:d=9178 #PF:f=6061 #PF:10=1936 #PF:11=13
      #PF:14=1936 #PF:15=13 #PF:19=2944 #PF:1d=2944 translated=88
    reserved-5-levels-page-at-3 every=211
      cases=279 runs=xxh3-128:46581f961cdc2876422b0d745f1dbd89
      #PF:0=27 #PF:2=18 #PF:4=26 #PF:6=17 #PF:9=43
      #PF:b=28 #PF:d=44 #PF:f=30 #PF:10=9 #PF:14=8
      #PF:19=14 #PF:1d=15
    pae-page-at-1
      cases=1769472 runs=xxh3-128:cfb3e7b1a6ce91743f542dfce8e709b0
      #PF:0=296192 #PF:2=197568 #PF:3=180 #PF:4=148096 #PF:5=240
      #PF:6=98784 #PF:7=180 #PF:9=99616 #PF:b=66264 #PF:d=49808
      #PF:f=33132 #PF:10=98944 #PF:11=120 #PF:14=49472 #PF:15=120
      #PF:19=32912 #PF:1d=16456 translated=780 #GP=569088 missing=11520
    pae-page-at-1 every=1091
      cases=1622 runs=xxh3-128:49d42b101ab6e27522b382bc2b47a799
      #PF:0=271 #PF:2=181 #PF:4=135 #PF:6=90 #PF:9=90
      #PF:b=59 #PF:d=42 #PF:f=32 #PF:10=90 #PF:14=46
      #PF:19=30 #PF:1d=14 translated=1 #GP=541
    pae-page-at-2
      cases=1769472 runs=xxh3-128:9b86bbca66e377558552679af78c9ecd
      #PF:0=298752 #PF:2=199168 #PF:3=120 #PF:4=149376 #PF:5=80
      #PF:6=99584 #PF:7=90 #PF:9=97216 #PF:b=64784 #PF:d=48608
      #PF:f=32392 #PF:10=99584 #PF:11=80 #PF:14=49792 #PF:15=60
      #PF:19=32352 #PF:1d=16176 translated=650 #GP=569088 missing=11520
    pae-page-at-2 every=1091
      cases=1622 runs=xxh3-128:a747afc82854f4c82bea919255fc5bba
      #PF:0=275 #PF:2=183 #PF:4=137 #PF:6=90 #PF:9=87
      #PF:b=57 #PF:d=40 #PF:f=32 #PF:10=92 #PF:14=46
      #PF:19=28 #PF:1d=14 #GP=541
    two-levels
      cases=2949120 runs=xxh3-128:3a43560fd15fa578a97f71e54c174f64
      #PF:0=596736 #PF:1=2496 #PF:2=331520 #PF:3=9368 #PF:4=298368
      #PF:5=9216 #PF:6=165760 #PF:7=7320 #PF:9=120960 #PF:b=67200
      #PF:d=60480 #PF:f=33600 #PF:10=66304 #PF:11=1664 #PF:14=33152
      #PF:15=1024 #PF:19=13440 #PF:1d=6720 translated=52432 missing=1071360
    two-levels every=4003
      cases=737 runs=xxh3-128:1ffb5f000b418cacb1435cca0c7d468a
      #PF:0=153 #PF:1=1 #PF:2=86 #PF:3=2 #PF:4=76
      #PF:6=42 #PF:7=1 #PF:9=30 #PF:b=16 #PF:d=16
      #PF:f=10 #PF:10=17 #PF:14=9 #PF:19=6 #PF:1d=1
      translated=10 missing=261
    marks-2-levels-page-at-1
      cases=576 runs=xxh3-128:fee4146654b92ddc676ab212bf893852
      #PF:3=32 #PF:7=32 translated=512
    marks-2-levels-page-at-1 every=23
      cases=26 runs=xxh3-128:5e59724dd213a7a7840f5c8b1cd568ad
      #PF:3=1 #PF:7=1 translated=24
    marks-2-levels-page-at-2
      cases=144 runs=xxh3-128:5275f887e0fd0c109556f99f48cde311
      #PF:3=8 #PF:7=8 translated=128
    marks-2-levels-page-at-2 every=23
      cases=7 runs=xxh3-128:ab5011006dc69731fa47bf79cdb46ca2
      translated=7
    marks-3-levels-page-at-1
      cases=576 runs=xxh3-128:fee4146654b92ddc676ab212bf893852
      #PF:3=32 #PF:7=32 translated=512
    marks-3-levels-page-at-1 every=23
      cases=26 runs=xxh3-128:5e59724dd213a7a7840f5c8b1cd568ad
      #PF:3=1 #PF:7=1 translated=24
    marks-3-levels-page-at-2
      cases=144 runs=xxh3-128:5275f887e0fd0c109556f99f48cde311
      #PF:3=8 #PF:7=8 translated=128
    marks-3-levels-page-at-2 every=23
      cases=7 runs=xxh3-128:ab5011006dc69731fa47bf79cdb46ca2
      translated=7
    marks-4-levels-page-at-1
      cases=9216 runs=xxh3-128:91133c19416ed7c7ac340a638bc014ff
      #PF:3=512 #PF:7=512 translated=8192
    marks-4-levels-page-at-1 every=23
      cases=401 runs=xxh3-128:a5d353044b5d0645c7af0f2d222609d9
      #PF:3=21 #PF:7=24 translated=356
    marks-4-levels-page-at-2
      cases=2304 runs=xxh3-128:f264959e25ad556f6fdc2878e7871017
      #PF:3=128 #PF:7=128 translated=2048
    marks-4-levels-page-at-2 every=23
      cases=101 runs=xxh3-128:879273cf7c2287f1de44b7bd2c24df91
      #PF:3=7 #PF:7=7 translated=87
    marks-4-levels-page-at-3
      cases=576 runs=xxh3-128:fee4146654b92ddc676ab212bf893852
      #PF:3=32 #PF:7=32 translated=512
    marks-4-levels-page-at-3 every=23
      cases=26 runs=xxh3-128:5e59724dd213a7a7840f5c8b1cd568ad
      #PF:3=1 #PF:7=1 translated=24
    marks-5-levels-page-at-1
      cases=36864 runs=xxh3-128:be3d5c9ce5a0289250d75041a578c683
      #PF:3=2048 #PF:7=2048 translated=32768
    marks-5-levels-page-at-1 every=23
      cases=1603 runs=xxh3-128:d7a3d0ea203439238309383c95c32899
      #PF:3=89 #PF:7=90 translated=1424
    marks-5-levels-page-at-2
      cases=9216 runs=xxh3-128:91133c19416ed7c7ac340a638bc014ff
      #PF:3=512 #PF:7=512 translated=8192
    marks-5-levels-page-at-2 every=23
      cases=401 runs=xxh3-128:a5d353044b5d0645c7af0f2d222609d9
      #PF:3=21 #PF:7=24 translated=356
    marks-5-levels-page-at-3
      cases=2304 runs=xxh3-128:f264959e25ad556f6fdc2878e7871017
      #PF:3=128 #PF:7=128 translated=2048
    marks-5-levels-page-at-3 every=23
      cases=101 runs=xxh3-128:879273cf7c2287f1de44b7bd2c24df91
      #PF:3=7 #PF:7=7 translated=87
    manufacturers-4-levels
      cases=6144 runs=xxh3-128:1dce570aa51d3b3385c3ddfa7a63d2e6
      #PF:0=656 #PF:2=656 #PF:4=656 #PF:6=656 #PF:9=320
      #PF:b=320 #PF:d=320 #PF:f=320 #PF:10=656 #PF:14=656
      #PF:19=320 #PF:1d=320 translated=288
    manufacturers-4-levels every=97
      cases=64 runs=xxh3-128:18f9c8ef77bf4f56c3b239600997c1ed
      #PF:0=7 #PF:2=6 #PF:4=7 #PF:6=8 #PF:9=4
      #PF:b=3 #PF:d=4 #PF:f=3 #PF:10=6 #PF:14=7
      #PF:19=3 #PF:1d=3 translated=3
    spaces-4-levels
      cases=5760 runs=xxh3-128:94b09f6128b2fd9d38a389d3ee2ca65b
      #PF:0=336 #PF:1=36 #PF:2=336 #PF:3=186 #PF:4=144
      #PF:5=108 #PF:6=144 #PF:7=126 #PF:10=288 #PF:11=36
      #PF:14=144 #PF:15=108 #PF:40=336 #PF:41=210 #PF:42=336
      #PF:43=210 #PF:44=144 #PF:45=126 #PF:46=144 #PF:47=126
      translated=1080 #GP=1056
    spaces-4-levels every=43
      cases=134 runs=xxh3-128:78d3f97be3cc98c38182dce638483253
      #PF:0=9 #PF:1=1 #PF:2=7 #PF:3=4 #PF:4=3
      #PF:5=3 #PF:6=4 #PF:7=3 #PF:10=7 #PF:11=1
      #PF:14=3 #PF:15=2 #PF:40=8 #PF:41=4 #PF:42=7
      #PF:43=6 #PF:44=4 #PF:45=3 #PF:46=3 #PF:47=3
      translated=25 #GP=24
    manufacturers-5-levels
      cases=49152 runs=xxh3-128:04fc463e089ee0c50000a112dfe6708d
      #PF:0=5104 #PF:2=5104 #PF:4=5104 #PF:6=5104 #PF:9=3008
      #PF:b=3008 #PF:d=3008 #PF:f=3008 #PF:10=5104 #PF:14=5104
      #PF:19=3008 #PF:1d=3008 translated=480
    manufacturers-5-levels every=97
      cases=507 runs=xxh3-128:2ae9d8d78a25c4992e75879f1edb6c16
      #PF:0=51 #PF:2=54 #PF:4=52 #PF:6=54 #PF:9=32
      #PF:b=31 #PF:d=32 #PF:f=30 #PF:10=51 #PF:14=53
      #PF:19=31 #PF:1d=32 translated=4
    spaces-5-levels
      cases=5760 runs=xxh3-128:94b09f6128b2fd9d38a389d3ee2ca65b
      #PF:0=336 #PF:1=36 #PF:2=336 #PF:3=186 #PF:4=144
      #PF:5=108 #PF:6=144 #PF:7=126 #PF:10=288 #PF:11=36
      #PF:14=144 #PF:15=108 #PF:40=336 #PF:41=210 #PF:42=336
      #PF:43=210 #PF:44=144 #PF:45=126 #PF:46=144 #PF:47=126
      translated=1080 #GP=1056
    spaces-5-levels every=43
      cases=134 runs=xxh3-128:78d3f97be3cc98c38182dce638483253
      #PF:0=9 #PF:1=1 #PF:2=7 #PF:3=4 #PF:4=3
      #PF:5=3 #PF:6=4 #PF:7=3 #PF:10=7 #PF:11=1
      #PF:14=3 #PF:15=2 #PF:40=8 #PF:41=4 #PF:42=7
      #PF:43=6 #PF:44=4 #PF:45=3 #PF:46=3 #PF:47=3
      translated=25 #GP=24
    """
}
