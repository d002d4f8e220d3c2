// Follows one channel as pages of each older server do, and keeps what it is told for the test to look at.
const CHANNEL = 'demo_old';
window.told = { icomet: [], 'simple-comet': [], ccomet: [], stardust: [] };

// A page is loading as long as a script is that was asked for before it was loaded.
addEventListener('load', () => {
  new iComet({
    channel: CHANNEL,
    signUrl: '/icomet-admin/sign',
    subUrl: '/icomet/sub',
    callback: content => told.icomet.push(content),
  });

  SimpleComet.subscribe(`/simple-comet/channels/${CHANNEL}.jsonp`, reply => {
    for (const m of reply.messages?.[CHANNEL] ?? []) told['simple-comet'].push(m.content);
  });
  SimpleComet.start();

  const query = `?channel=${CHANNEL}&sname=me`;
  new CComet({
    sign_url: '/ccomet/sign' + query,
    sub_url: `/ccomet/subscribe${query}&seqid=`,
    pub_url: `/ccomet/publish${query}&msg=`,
    callback: item => item.type == 'MSG' && told.ccomet.push(item.msg),
  });

  $.ev.loop(`/stardust/channel/${CHANNEL}/stream/0.5`, { '*': m => told.stardust.push(m.data) });
});
