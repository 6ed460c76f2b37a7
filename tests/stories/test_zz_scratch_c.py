import asyncio
from tests.stories.test_bridged import *  # noqa
from tests.stories.test_bridged import hall, books  # noqa
for _n in list(globals()):
    if _n.startswith("test_"): del globals()[_n]
async def test_again(scene, hall):
    await market(scene, uma=100_000, vera=100_000)
    ada, uma = await two(scene)
    T="""async () => { const el=document.querySelector("openline-console").renderRoot.querySelector("openline-preflight");
      const t=performance.now(); 
      const log=[]; const O=RTCPeerConnection;
      window.RTCPeerConnection = class extends O { constructor(h){ super(h); window.pc=this; for (const e of ["connectionstatechange","iceconnectionstatechange","icecandidateerror","icegatheringstatechange"]) this.addEventListener(e,()=>log.push(Math.round(performance.now()-t)+e.slice(0,6)+this.connectionState+"/"+this.iceConnectionState+"/"+this.iceGatheringState)); } setRemoteDescription(d){ log.push(Math.round(performance.now()-t)+"answer "+d.sdp.split("\\r\\n").filter(x=>x.startsWith("a=cand")).join(";")); return super.setRemoteDescription(d);} };
      await el.checkWay(); window.RTCPeerConnection=O; return [el.trials.way, Math.round(performance.now()-t), log]; }"""
    for i in range(6):
        print(await ada.page.evaluate(T))
        await asyncio.sleep(31 if i else 1)
